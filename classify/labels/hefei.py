"""The 34 labels of the Hefei ECG competition's second round, as its list `hf_round2_arrythmia.txt` orders them."""

from __future__ import annotations

from classify.labels.group import LabelGroup

# as the files spell it -> (short name, in words)
HEFEI_NAMES = {
    "QRS低电压": ("LVOLT", "Low QRS voltage"),
    "电轴右偏": ("RAD", "Right axis deviation"),
    "起搏心律": ("PACE", "Paced rhythm"),
    "T波改变": ("TAB", "T wave change"),
    "电轴左偏": ("LAD", "Left axis deviation"),
    "心房颤动": ("AFIB", "Atrial fibrillation"),
    "非特异性ST段异常": ("NST", "Non-specific ST abnormality"),
    "下壁异常Q波": ("IQ", "Abnormal inferior Q waves"),
    "前间壁R波递增不良": ("PRWP", "Poor anteroseptal R wave progression"),
    "ST段改变": ("STC", "ST change"),
    "一度房室传导阻滞": ("1AVB", "AV block I"),
    "左束支传导阻滞": ("LBBB", "Left bundle branch block"),
    "右束支传导阻滞": ("RBBB", "Right bundle branch block"),
    "完全性左束支传导阻滞": ("CLBBB", "Complete left bundle branch block"),
    "左前分支传导阻滞": ("LAFB", "Left anterior fascicular block"),
    "右心房扩大": ("RAE", "Right atrial enlargement"),
    "短PR间期": ("SPR", "Short PR interval"),
    "左心室高电压": ("LVHV", "High left ventricular voltage"),
    "窦性心动过缓": ("SBRAD", "Sinus bradycardia"),
    "早期复极化": ("ER", "Early repolarisation"),
    "窦性心律": ("SR", "Sinus rhythm"),
    "融合波": ("FUSION", "Fusion beats"),
    "ST-T改变": ("STTC", "ST-T change"),
    "非特异性ST段与T波异常": ("NSTT", "Non-specific ST and T abnormality"),
    "快心室率": ("FVR", "Fast ventricular rate"),
    "非特异性T波异常": ("NT", "Non-specific T abnormality"),
    "室性早搏": ("PVC", "Ventricular premature beats"),
    "房性早搏": ("PAC", "Atrial premature beats"),
    "窦性心律不齐": ("SARRH", "Sinus arrhythmia"),
    "完全性右束支传导阻滞": ("CRBBB", "Complete right bundle branch block"),
    "窦性心动过速": ("STACH", "Sinus tachycardia"),
    "不完全性右束支传导阻滞": ("IRBBB", "Incomplete right bundle branch block"),
    "顺钟向转位": ("CWR", "Clockwise rotation"),
    "逆钟向转位": ("CCWR", "Counterclockwise rotation"),
}
HEFEI34 = LabelGroup("hefei34", dict(HEFEI_NAMES.values()))
