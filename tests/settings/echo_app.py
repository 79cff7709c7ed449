"""A web application that answers with the size of what it was sent."""


def application(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['PATH_INFO']} {len(body)} {sum(body)}".encode()]
