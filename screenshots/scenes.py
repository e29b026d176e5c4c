"""What pictures there are, in which sizes and themes."""

SIZES = ((120, 40), (80, 24))
THEMES = ("siptui-dark", "siptui-light")

#: What is taken after the run, and the keys that lead there.
AFTER = {
    "details": ("enter",),
    "causes": ("R",),
    "help": ("question_mark",),
    "runs": ("h",),
    "summary": ("t",),
    "columns": ("c",),
    "sort": ("S",),
    "export": ("e",),
    "palette": ("colon", *"theme"),
    "status": ("w",),
    "verify": ("V",),
}
