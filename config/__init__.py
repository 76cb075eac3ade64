"""Settings, policy, guidance and wording: data, and the code that checks it."""
