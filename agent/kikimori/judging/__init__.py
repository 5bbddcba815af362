"""Former name of `kikimori_core.judging`, kept for one release: the same modules with the same objects."""

from kikimori_core.former_names import keep

keep(__name__, "kikimori_core.judging")
