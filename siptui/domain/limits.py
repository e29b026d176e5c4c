"""How much the service takes at once (Microsoft Learn, “Configure SIP Gateway”)."""

#: Devices in a batch.
MAX_BATCH_SIZE = 100
#: Batches of a region in progress at once.
MAX_LIVE_BATCHES = 3
