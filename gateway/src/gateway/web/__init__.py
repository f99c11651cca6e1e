"""The HTML pages: `router` and `error_page` are all the application needs to know."""

from gateway.web.pages import error_page, router

__all__ = ["error_page", "router"]
