"""structlog for every process: one canonical line per unit of work, JSON unless a person looks at a terminal."""

import logging
import sys

import structlog


def configure(level: str = "INFO", **fields: str) -> None:
    """Sets up logging for this process; `fields` (service, role) stand on every line."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    terminal = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer()
    # Our own lines go straight out: through the standard library each would cost three times as much.
    structlog.configure(
        processors=[*shared, _adding(fields), renderer],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _adding(fields),
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("aio_pika", "aiormq", "nameko", "kombu", "amqp", "urllib3", "pymongo", "httpx"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # nameko prints each failure again with its trace: the unit of work has said it once.
    logging.getLogger("nameko.containers").setLevel(logging.CRITICAL)


def _adding(fields: dict[str, str]) -> structlog.typing.Processor:
    def add(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event.update(fields)
        return event

    return add
