"""What both sides of `siptui.host` promise; run on every system, under Wine, too."""
