"""The configuration: flags, the environment, a TOML file and defaults, read once into frozen Settings."""

from kbgap.settings.declared import Settings
from kbgap.settings.forms import Network, Rate, read_duration
from kbgap.settings.loading import PREFIX, SettingDescription, describe_settings, load_settings

__all__ = [
    "PREFIX",
    "Network",
    "Rate",
    "SettingDescription",
    "Settings",
    "describe_settings",
    "load_settings",
    "read_duration",
]
