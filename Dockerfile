# Doorstep in a container: `docker compose build`, see docs/operations.md.
# The same Python and the same Debian as the tests run on; PostgreSQL's tools are of docker-compose.yml's server version.
FROM python:3.11.15-slim-bookworm AS build

WORKDIR /src
RUN python -m venv /opt/doorstep
COPY requirements.lock ./
RUN /opt/doorstep/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY LICENSE pyproject.toml ./
COPY bots bots
COPY config config
COPY safety_service safety_service
COPY scheduler scheduler
RUN /opt/doorstep/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11.15-slim-bookworm

# For `doorstep backup` and `doorstep restore`.
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-client-15 \
    && rm -rf /var/lib/apt/lists/*
# A user that can do nothing else. The files in secrets/ belong to this number.
RUN groupadd --gid 10001 doorstep \
    && useradd --uid 10001 --gid 10001 --home-dir /srv/doorstep --no-create-home --shell /usr/sbin/nologin doorstep \
    && install -d -m 0755 /srv/doorstep \
    && install -d -m 0700 -o 10001 -g 10001 /srv/doorstep/var /srv/doorstep/copies
COPY --from=build /opt/doorstep /opt/doorstep
ENV PATH=/opt/doorstep/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /srv/doorstep
USER 10001:10001
EXPOSE 8080
# Asks the process alone, not the database: whether the watch is kept, /health/ready says.
HEALTHCHECK --interval=30s --timeout=10s --start-period=90s --retries=3 CMD ["doorstep", "alive"]
ENTRYPOINT ["doorstep"]
CMD ["serve"]
