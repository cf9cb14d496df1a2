"""Start risk: wiring, no logic."""

import sys

from opensqt.runtime.approval_key import ApprovalKey, KeyUnusable
from opensqt.runtime.config.all import ConfigError
from opensqt.runtime.process import run_service
from opensqt.runtime.process_context import Context
from services.risk.service import RiskService


def build(context: Context) -> RiskService:
    """Return the gate with its key; raise `ConfigError` where there is none."""
    path = context.environment.approval_key
    if path is None:
        raise ConfigError("OPENSQT_APPROVAL_KEY is not set, expected the path of risk's key")
    try:
        return RiskService(context, ApprovalKey.read(path))
    except KeyUnusable as error:
        raise ConfigError(str(error)) from error


if __name__ == "__main__":
    sys.exit(run_service("risk", build))
