"""The README's table of settings, made from the settings themselves: `python -m daemon.settings_table`."""

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from daemon import settings, settings_alerts, settings_finance, settings_merchant, settings_web

SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("", settings.Settings),
    ("database.", settings.DatabaseSettings),
    ("web.", settings_web.WebSettings),
    ("web.openid.", settings_web.OpenIdSettings),
    ("web.proxy.", settings_web.ProxySettings),
    ("telemetry.", settings.TelemetrySettings),
    ("backups.", settings.BackupSettings),
    ("secrets.", settings.SecretsSettings),
    ("clock.", settings.ClockSettings),
    ("alerts.", settings.AlertSettings),
    ("alerts.smtp.", settings.SmtpSettings),
    ("alerts.escalation[].", settings.EscalationSettings),
    ("alerts.teams.TEAM.", settings_alerts.TeamSettings),
    ("merchants.NAME.happy_returns.", settings_merchant.HappyReturnsSettings),
    ("merchants.NAME.brightpearl.", settings_merchant.BrightpearlSettings),
    ("merchants.NAME.brightpearl.oauth.", settings_merchant.OAuthSettings),
    ("merchants.NAME.", settings_merchant.MerchantSettings),
    ("merchants.NAME.policy.", settings_merchant.PolicySettings),
    ("merchants.NAME.policy.by_method.METHOD.", settings_merchant.MethodPolicySettings),
    ("merchants.NAME.messaging.", settings_merchant.MessagingSettings),
    ("merchants.NAME.people.", settings_merchant.PeopleSettings),
    ("merchants.NAME.finance.", settings_finance.FinanceSettings),
    ("merchants.NAME.finance.tolerances.CURRENCY.", settings_finance.ToleranceSettings),
    ("merchants.NAME.finance.rates[].", settings_finance.RateSettings),
    ("merchants.NAME.finance.files.NAME.", settings_finance.MappedFileSettings),
    ("merchants.NAME.calendar.", settings_merchant.CalendarSettings),
    ("merchants.NAME.ladders.STATE_OR_CAUSE[].", settings_merchant.RungSettings),
    ("merchants.NAME.objectives.", settings_merchant.ObjectiveSettings),
    ("merchants.NAME.retention.", settings_merchant.RetentionSettings),
    ("merchants.NAME.assumptions.", settings_merchant.AssumptionSettings),
)


def table() -> str:
    """One Markdown row a setting: key, default, meaning."""
    rows = ["| Key | Default | Meaning |", "| --- | --- | --- |"]
    for prefix, section in SECTIONS:
        for name, field in section.model_fields.items():
            if field.description:
                meaning = " ".join(field.description.split())
                rows.append(f"| `{prefix}{name}` | {default_of(name, field)} | {meaning} |")
    return "\n".join(rows)


def default_of(name: str, field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if name == "state_dir":
        return "`.homeward` beside the file"
    if field.default_factory is not None or field.default in (None, ""):
        return ""
    told = field.default
    if isinstance(told, tuple) and told and isinstance(told[0], BaseModel):
        return ""
    if isinstance(told, bool):
        return f"`{str(told).lower()}`"
    return f"`{list(told)}`" if isinstance(told, tuple) else f"`{told}`"


if __name__ == "__main__":
    print(table())
