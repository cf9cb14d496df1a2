# One image for all processes; which one runs is the argument: `docker run opensqt services.risk`. In a container that
# runs, the command is on the path: `docker exec NAME opensqt status`.
# The base is an argument, so that a machine without a public registry can bring its own. Only what processes load is
# taken from it: the image has no package manager and no installer, and is the same whichever Debian it was built on.
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build
COPY requirements/runtime.txt /build/runtime.txt
# Two optional secrets: `ca`, a bundle of certificate authorities, and `pip`, a pip.conf.
#   docker build --secret id=ca,src=ca.pem --secret id=pip,src=pip.conf .
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN --mount=type=secret,id=ca --mount=type=secret,id=pip \
    if [ -f /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi \
    && if [ -f /run/secrets/pip ]; then export PIP_CONFIG_FILE=/run/secrets/pip; fi \
    && python3 -m venv /build/installer && python3 -m venv --without-pip /opt/venv \
    && /build/installer/bin/pip --python /opt/venv/bin/python install --no-cache-dir --no-compile \
         --disable-pip-version-check --require-hashes --only-binary :all: -r /build/runtime.txt
COPY deploy/image /build/image
RUN python3 /build/image/prune.py /opt/venv
COPY opensqt /app/opensqt
COPY services /app/services
# A user with a name, a folder that is his, compiled modules, and one time for every file: the same input, the same image.
RUN bash /build/image/assemble.sh /tree

FROM scratch
LABEL org.opencontainers.image.title="opensqt" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /tree /
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 PYTHONPATH=/app PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 OPENSQT_DATA=/data
WORKDIR /data
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/venv/bin/python", "-m"]
CMD ["opensqt.cli", "--help"]
