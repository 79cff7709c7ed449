import pytest

from tests.submissions.mail.mail_sink import listening


@pytest.fixture
def sink(through_port):
    with listening() as sink:
        through_port(sink.port)
        yield sink


@pytest.fixture
def through_port(settings):
    """Send through the mail server at a port of this machine."""

    def use(port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_TIMEOUT = 5

    return use
