"""What notifiche adds to the settings of every service."""

from chassis.settings import ServiceSettings, service_config
from notifiche.policies import INBOX_ROLES, SECOND_LEVEL_ROLES, SECTION_ROLES, InboxReaders


class Settings(ServiceSettings):
    """`base_url`: address of the pages, for the link in a mail. Empty `smtp_host`: mails wait until there is one."""

    model_config = service_config("notifiche")

    smtp_host: str = ""
    smtp_port: int = 25
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_starttls: bool = False
    mail_from: str = "cartella-sociale@localhost"
    base_url: str = "http://localhost"
    inbox_roles: frozenset[str] = INBOX_ROLES
    second_level_roles: frozenset[str] = SECOND_LEVEL_ROLES
    section_roles: dict[str, frozenset[str]] = dict(SECTION_ROLES)
    """As JSON lists, the last one by scope; see `notifiche.policies`."""

    @property
    def inbox_readers(self) -> InboxReaders:
        return InboxReaders(self.inbox_roles, self.second_level_roles, self.section_roles)
