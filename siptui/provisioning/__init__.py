"""The table of provisioning URLs: data with sources and dates, and its reader."""
