"""Networks that keep the leads apart, that read beats, that read sequences, and the encoders of pretraining."""

from __future__ import annotations

from collections.abc import Mapping

from classify.nets.catalog.row import Row

_II = {"leads": 12, "lead": 1}  # lead II of the standard twelve
_CPC_HEAD = {"hidden": ((512, 0.5, True),), "head_dropout": 0.5}
_SMALL_VIT = {"leads": 12, "width": 384, "heads": 6}

ROWS: Mapping[str, Row] = {
    "im_ecg": Row("leadwise.picture", "ImEcg", {"leads": 12}),
    "se_ecgnet": Row("leadwise.picture", "SeEcgNet", {"leads": 12}),
    "mvms": Row("leadwise.views", "MultiView"),
    "mvms_single": Row("leadwise.views", "SingleView"),
    "mvkt": Row("leadwise.views", "OneLead", {"blocks": (2, 2, 2, 2), "planes": (32, 32, 64, 64), "kernels": (5,) * 4}),
    "lead_graph": Row("leadwise.graph", "LeadGraph"),
    "lightweight_transformer": Row("beats.lightweight", "LightweightTransformer", {"leads": 12}),
    "mamil": Row("beats.instances", "MultiInstance", {"leads": 12}),
    "multi_module": Row("beats.modules", "MultiModule", {"leads": 12}, None),
    "ecgnet2018": Row("sequences.ecgnet2018", "EcgNet2018"),
    "dprnn": Row("sequences.dual_path", "DualPath", _II),
    "mina": Row("sequences.guided", "Guided", _II),
    "mpgt": Row("sequences.progressive", "Progressive", _II),
    "mrtnet": Row("sequences.multi_resolution", "MultiResolution"),
    "token_selection": Row("sequences.token_selection", "TokenSelection"),
    "cpc": Row("encoders.predictive", "CpcEncoder", {}, _CPC_HEAD),
    "cpc_small": Row("encoders.predictive", "CpcEncoder", {"units": 256}, _CPC_HEAD),
    "clocs": Row("encoders.contrastive", "ClocsEncoder", {"leads": 12}),
    "st_mem": Row("encoders.masked", "StMemEncoder", {"leads": 12}),
    "st_mem_small": Row("encoders.masked", "StMemEncoder", _SMALL_VIT),
}
