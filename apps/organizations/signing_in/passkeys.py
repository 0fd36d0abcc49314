"""What is said of passkeys that did not do."""

NO_PASSKEY = "This passkey is not known here, or its answer came too late. Try again, or use another way."
