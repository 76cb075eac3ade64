"""The commands of `doorstep`, one noun a module; each module has its click command under the name `command`."""
