"""Between a decision to call a tool and the call: policy, approvals, grants, labels, secrets."""
