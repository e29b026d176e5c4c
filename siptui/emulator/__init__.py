"""A simulated tenant that speaks the wire of Teams SIP Gateway bulk sign-in.

`siptui.emulator.emulator.Emulator` is the whole of it; `tenant.Tenant` the simulation without
any HTTP. Time, chance and every fault are inputs.
"""
