# One image for all processes; which one runs is the argument: `docker run opensqt services.risk`.
# The base is an argument, so that a machine without a public registry can bring its own.
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build
COPY requirements/runtime.txt /build/runtime.txt
# Two optional secrets: `ca`, a bundle of certificate authorities, and `pip`, a pip.conf.
#   docker build --secret id=ca,src=ca.pem --secret id=pip,src=pip.conf .
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN --mount=type=secret,id=ca --mount=type=secret,id=pip \
    if [ -f /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi \
    && if [ -f /run/secrets/pip ]; then export PIP_CONFIG_FILE=/run/secrets/pip; fi \
    && python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check \
         --require-hashes --only-binary :all: -r /build/runtime.txt

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="opensqt" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/venv /opt/venv
COPY opensqt /app/opensqt
COPY services /app/services
ENV PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 OPENSQT_DATA=/data
WORKDIR /data
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/venv/bin/python", "-m"]
CMD ["opensqt.cli", "--help"]
