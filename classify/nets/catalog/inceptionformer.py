"""InceptionFormer in its forms, with every attention and piece; its relatives; what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping

from classify.nets.catalog.row import Row


def _form(**options: object) -> Row:
    return Row("inceptionformer.network", "InceptionFormer", options)


def _attention(name: str, **options: object) -> Row:
    return _form(attention=name, attention_options=options)


_FINE_AND_COARSE = ((4, 1), (4, 2))  # heads at the tokens' own level, heads at half of it
ROWS: Mapping[str, Row] = {
    "inceptionformer": _form(),
    "inceptionformer_2482": _form(depths=(2, 4, 8, 2)),
    "inceptionformer_stage3": _form(stages=3),
    "inceptionformer_tiny": _form(dims=(32, 64, 128, 256)),
    "inceptionformer_linear": _form(stack="serial"),
    "inceptionformer_sandwich": _form(stack="sandwich"),
    "inceptionnext": _form(stack="convolution"),
    "inceptionformer_sr": _attention("sr"),
    "inceptionformer_birouting": _attention("birouting"),
    "inceptionformer_window": _attention("window"),
    "inceptionformer_shifted": _attention("shifted"),
    "inceptionformer_shunted": _attention("shunted"),
    "inceptionformer_fine_coarse": _attention("shunted", groups=_FINE_AND_COARSE),
    "inceptionformer_hilo": _attention("hilo"),
    "inceptionformer_grid": _attention("hilo", grid=True),
    "inceptionformer_sparse": _form(sparse=50),
    "inceptionformer_pruned": _form(prune=(0.75, 0.75)),
    "inceptionformer_modulation": _form(modulation=True),
    "inceptionformer_modulation_cls": _form(modulation=True, pool="cls"),
    "inceptionformer_cls": _form(pool="cls"),
    "inceptionformer_se": _form(se=4),
    "inceptionformer_coord": _form(coord=True),
    "inceptionformer_inverted": _form(inverted=True, se=4),
    "inceptionformer_glu": _form(mixer="glu"),
    "inceptionformer_dwffn": _form(mixer="dwffn"),
    "inceptionformer_learned": _form(position="learned"),
    "inceptionformer_relative": _form(position="relative"),
    "inceptionformer_conv": _form(position="conv"),
    "inceptionformer_value": _form(position="value"),
    "sandwichnet": Row("inceptionformer.sandwich", "Sandwich"),
    "sandwichpronet": Row("inceptionformer.sandwich", "Sandwich", {"pro": True, "attention": "hilo"}),
    "metaecgnet": Row("inceptionformer.metaecg", "MetaEcgNet"),
    "db_ecgnet": Row("inceptionformer.two_branch", "DualBranch"),
    "db_ecgnet_patch10": Row("inceptionformer.two_branch", "DualBranch", {"patch": 10}),
    "db_ecgnet_patch20": Row("inceptionformer.two_branch", "DualBranch", {"patch": 20}),
    "db_ecgnet_patch50": Row("inceptionformer.two_branch", "DualBranch", {"patch": 50}),
    "resnet18": Row("baselines.plain_resnet", "PlainResNet"),
    "resnet34": Row("baselines.plain_resnet", "PlainResNet", {"blocks": (3, 4, 6, 3)}),
    "mobilenetv2": Row("baselines.mobilenet", "MobileNetV2", {}, {"head_dropout": 0.2}),
    "stft_resnet34": Row("baselines.spectrogram", "StftResNet"),
    "two_stream": Row("baselines.spectrogram", "TwoStream"),
}
