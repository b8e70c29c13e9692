# ruff: noqa: RUF001 - the words of other alphabets are meant as they stand
"""The words that ECG machines print, by language; people, places and numbers are invented elsewhere from these."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """What one machine says in one language; `syllables` build names of people and places that do not exist."""

    name: str
    patient: str
    birth: str
    age: str
    sexes: tuple[str, str]
    date: str
    rate: str
    intervals: tuple[str, str, str, str]
    hospitals: tuple[str, ...]
    statements: tuple[str, ...]
    syllables: tuple[str, ...]


_SOFT = ("ba", "do", "fe", "ga", "ko", "la", "mi", "no", "pe", "ra", "se", "ti", "vo", "ze")
_NORTH = ("al", "berg", "dor", "el", "fen", "gar", "hol", "lin", "mar", "nor", "rik", "sten", "ton", "wes")
_SLAV = ("bor", "cze", "dar", "kow", "lub", "mir", "nik", "ol", "pla", "rad", "ska", "slaw", "vel", "zan")
_CYR = ("ба", "ве", "го", "да", "ко", "ли", "ма", "но", "ра", "си", "то", "че", "шу", "яр")
_GREEK = ("βα", "γο", "δι", "κα", "λε", "μα", "νι", "πο", "ρα", "σι", "τη", "φω", "χα", "ξε")
_QRS = ("PR", "QRS", "QT/QTc", "P-R-T")

LANGUAGES = (
    Language(
        "Name:", "Patient ID", "DOB", "yr", ("Male", "Female"), "Date", "Vent. rate",
        ("PR interval", "QRS duration", "QT/QTc", "P-R-T axes"),
        ("General Hospital", "Medical Center", "Heart Clinic", "Emergency Dept.", "Cardiology Unit"),
        ("Normal sinus rhythm", "Normal ECG", "Sinus bradycardia",
         "Atrial fibrillation with rapid ventricular response", "Left axis deviation",
         "Nonspecific T wave abnormality", "Anteroseptal infarct, age undetermined",
         "Left ventricular hypertrophy with repolarization abnormality", "Right bundle branch block",
         "First degree A-V block", "Borderline ECG", "Abnormal ECG", "*** Consider acute ST elevation MI ***",
         "Low voltage QRS", "Premature ventricular complexes", "Unconfirmed diagnosis", "Prolonged QT"),
        _NORTH,
    ),
    Language(
        "Name:", "Pat.-Nr.", "geb.", "J.", ("männlich", "weiblich"), "Datum", "HF",
        ("PQ-Zeit", "QRS-Dauer", "QT/QTc", "Achsen P/QRS/T"),
        ("Klinikum", "Krankenhaus", "Herzzentrum", "Praxis Dr."),
        ("Sinusrhythmus", "Normales EKG", "Linkstyp", "Überdrehter Linkstyp", "Vorhofflimmern", "Rechtsschenkelblock",
         "Unspezifische Erregungsrückbildungsstörung", "Abnormes EKG", "Unbestätigter Befund"),
        _NORTH,
    ),
    Language(
        "Nom :", "N° patient", "Né(e) le", "ans", ("Homme", "Femme"), "Date", "Fréq. vent.",
        ("Intervalle PR", "Durée QRS", "QT/QTc", "Axes P-R-T"),
        ("Hôpital de", "Centre hospitalier de", "Clinique"),
        ("Rythme sinusal normal", "ECG normal", "Déviation axiale gauche", "Fibrillation auriculaire",
         "Bloc de branche droit incomplet", "Sous-décalage du segment ST", "ECG anormal", "Non confirmé"),
        _SOFT,
    ),
    Language(
        "Nombre:", "ID paciente", "F. nac.", "años", ("Varón", "Mujer"), "Fecha", "Frec. vent.",
        ("Intervalo PR", "Duración QRS", "QT/QTc", "Ejes P-R-T"),
        ("Hospital", "Clínica", "Centro de Salud"),
        ("Ritmo sinusal normal", "ECG normal", "Desviación del eje a la izquierda", "Fibrilación auricular",
         "Bloqueo de rama derecha", "Elevación del ST, considerar lesión anterior", "ECG anormal", "Sin confirmar"),
        _SOFT,
    ),
    Language(
        "Nome:", "Nº do paciente", "Nasc.", "anos", ("Masc.", "Fem."), "Data", "FC",
        _QRS, ("Hospital", "Santa Casa", "Clínica do Coração"),
        ("Ritmo sinusal", "Eletrocardiograma normal", "Sobrecarga ventricular esquerda", "Extrassístole ventricular",
         "Alteração da repolarização", "Bloqueio de ramo esquerdo"),
        _SOFT,
    ),
    Language(
        "Cognome:", "Cod. paziente", "Nato il", "anni", ("M", "F"), "Data", "Freq. card.",
        ("Intervallo PR", "Durata QRS", "QT/QTc", "Assi P-QRS-T"),
        ("Ospedale", "Policlinico", "U.O. Cardiologia"),
        ("Ritmo sinusale", "ECG nella norma", "Deviazione assiale sinistra", "Blocco di branca destra",
         "Anomalie aspecifiche della ripolarizzazione", "Fibrillazione atriale", "Referto non confermato"),
        _SOFT,
    ),
    Language(
        "Nazwisko:", "Nr pacjenta", "ur.", "lat", ("Mężczyzna", "Kobieta"), "Data", "Częst. komór",
        ("Odstęp PQ", "Czas QRS", "QT/QTc", "Osie P/QRS/T"),
        ("Szpital", "Przychodnia", "Oddział Kardiologii"),
        ("Rytm zatokowy miarowy", "EKG w granicach normy", "Lewogram patologiczny", "Migotanie przedsionków",
         "Blok prawej odnogi pęczka Hisa", "Nieprawidłowy zapis"),
        _SLAV,
    ),
    Language(
        "Jméno:", "Rodné č.", "nar.", "let", ("Muž", "Žena"), "Datum", "TF",
        _QRS, ("Nemocnice", "Poliklinika", "Interní oddělení"),
        ("Sinusový rytmus", "Normální EKG", "Fibrilace síní", "Blokáda pravého raménka", "Změny ST-T úseku"),
        _SLAV,
    ),
    Language(
        "ФИО:", "№ карты", "д.р.", "лет", ("муж.", "жен."), "Дата", "ЧСС",
        ("Интервал PQ", "QRS", "QT/QTc", "Оси P/QRS/T"),
        ("Городская больница", "Поликлиника", "Кардиологический центр"),
        ("Ритм синусовый", "Вариант нормы", "Фибрилляция предсердий", "Блокада правой ножки пучка Гиса",
         "Отклонение электрической оси влево", "Нарушение реполяризации", "Требует подтверждения врача"),
        _CYR,
    ),
    Language(
        "Όνομα:", "Αρ. ασθενούς", "Γέννηση", "ετών", ("Άνδρας", "Γυναίκα"), "Ημερομηνία", "Καρδ. συχνότητα",
        _QRS, ("Γενικό Νοσοκομείο", "Κέντρο Υγείας", "Κλινική"),
        ("Φυσιολογικός φλεβοκομβικός ρυθμός", "Φυσιολογικό ΗΚΓ", "Κολπική μαρμαρυγή", "Αποκλεισμός δεξιού σκέλους",
         "Μη ειδικές διαταραχές ST-T"),
        _GREEK,
    ),
    Language(
        "Adı Soyadı:", "Hasta No", "D.T.", "yaş", ("Erkek", "Kadın"), "Tarih", "Kalp hızı",
        ("PR aralığı", "QRS süresi", "QT/QTc", "Eksenler"),
        ("Devlet Hastanesi", "Şehir Hastanesi", "Kardiyoloji"),
        ("Normal sinüs ritmi", "Normal EKG", "Atriyal fibrilasyon", "Sağ dal bloğu", "Özgül olmayan T değişikliği"),
        _SOFT,
    ),
    Language(
        "Namn:", "Pat.-id", "Född", "år", ("Man", "Kvinna"), "Datum", "Hjärtfrekv.",
        ("PQ-tid", "QRS-tid", "QT/QTc", "P-R-T axlar"),
        ("Sjukhus", "Vårdcentral", "Hjärtkliniken"),
        ("Sinusrytm", "Normalt EKG", "Förmaksflimmer", "Vänster skänkelblock", "Ospecifika T-vågsförändringar"),
        _NORTH,
    ),
)  # fmt: skip

# {s} is the speed in mm/s, {g} the gain in mm/mV, {c} that of the chest leads, {cm} the gain in cm/mV.
GAINS = (
    "{g:g}mm/mV", "{g:g} mm/mV", "Limb: {g:g} mm/mV   Chest: {c:g} mm/mV", "Limb: {g:.1f} mm/mV  Chest: {c:.1f} mm/mV",
    "{cm:g} cm/mV",
)  # fmt: skip
BOTH_GAINS = (2, 3)  # those that say both
SPEEDS = ("{s:g}mm/s", "{s:g} mm/sec", "Speed: {s:g} mm/sec", "Device:    Speed: {s:g} mm/s", "{s:g}mm/S")
BANDS = (
    "0.05-150Hz", "0.05 - 40 Hz", "40Hz", "F 60~ 0.15-100 Hz", "0.67-100Hz AC50", "0.5-35Hz ~", "150 Hz F50", "W 100Hz",
)  # fmt: skip
MACHINES = ("MV-12", "CardioPlot 300", "12SL v237", "SN-08831", "EKG-6P v2.14", "PH110C", "CIM 4.2", "007A", "AUTO")
WARNINGS = ("*** Artefact ***", "LEAD OFF: V4", "Page 1 of 1", "STAT", "Ref. MD:", "Unconfirmed", "Copy", "Technician:")
