# The image of the web server, the worker, beat and the management commands.
FROM python:3.13-slim-trixie AS packages
# requirements-research.txt adds files for SPSS, Stata and Parquet, and 340 MB; requirements-s3.txt adds
# files in a bucket of S3, and 35 MB. Name both with a space between for both.
ARG REQUIREMENTS=requirements.txt
COPY requirements.txt requirements-research.txt requirements-s3.txt /requirements/
WORKDIR /requirements
RUN python -m venv /venv \
    && for name in ${REQUIREMENTS}; do set -- "$@" --requirement "${name}"; done \
    && /venv/bin/pip install --no-cache-dir --require-hashes "$@"

FROM python:3.13-slim-trixie
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PORTAL_STATIC=/portal/collected-static \
    PORTAL_MEDIA=/uploads \
    PORTAL_BACKUPS=/backups
# pg_dump and pg_restore of the version that docker-compose.yml runs, which Debian does not have yet.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates postgresql-common \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && apt-get install --yes --no-install-recommends postgresql-client-18 \
    && rm -rf /var/lib/apt/lists/*
# A volume on one of these folders takes its owner from here.
RUN groupadd --system --gid 10001 portal \
    && useradd --system --uid 10001 --gid portal --no-create-home portal \
    && install --directory --owner portal --group portal --mode 700 /uploads /backups
COPY --from=packages /venv /venv
WORKDIR /portal
COPY . .
# Neither needs a secret or an engine, but the settings ask for their addresses. The account below reads all of it, also
# where it was checked out for one account alone.
RUN PORTAL_ENV=local SECRET_KEY=of-the-build-only PORTAL_URL=http://127.0.0.1:8000 \
    DATABASE_URL=postgresql://nobody@127.0.0.1:9/none BROKER_URL=redis://127.0.0.1:9/0 \
    EMAIL_URL=smtp://127.0.0.1:9 python manage.py collectstatic --no-input \
    && python -m compileall -q accounts backups core evidence_portal exports personal_data rehearsal retention review submissions \
    && chmod --recursive a+rX .
USER 10001:10001
EXPOSE 8000
CMD ["python", "-m", "evidence_portal.web", "--bind", "0.0.0.0:8000"]
