"""The `calendar` plugin."""
