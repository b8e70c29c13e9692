"""Networks that read single beats of a recording, beside its spectrogram, its pictures or the person."""
