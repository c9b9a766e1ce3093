# A small image of the installed command and nothing else: no compiler, no root, no writable code. It runs with a
# read-only root: what it keeps is in /data, what it needs for a moment in /tmp (docs/operations.md).

FROM python:3.11-slim AS build
WORKDIR /src
RUN python -m venv /opt/bellwether
ENV PATH=/opt/bellwether/bin:$PATH
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE config.example.toml ./
COPY rules rules
COPY bot bot
RUN pip install --no-cache-dir --no-deps --no-build-isolation . \
    && python -m compileall -q /opt/bellwether/lib \
    && pip uninstall -q -y hatchling pip

FROM python:3.11-slim
LABEL org.opencontainers.image.title="Bellwether" \
      org.opencontainers.image.description="Says on Telegram when the market's regime shifts" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --uid 10001 --create-home bellwether && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=build /opt/bellwether /opt/bellwether
ENV PATH=/opt/bellwether/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    BELLWETHER_STORE__URL=sqlite:////data/bellwether.db
USER 10001
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["bellwether", "health"]
ENTRYPOINT ["bellwether"]
CMD ["run"]
