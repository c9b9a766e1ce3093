# A small image of the installed command and nothing else: no compiler, no root, no writable code.

FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /opt/bellwether
ENV PATH=/opt/bellwether/bin:$PATH
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE config.example.toml ./
COPY rules rules
COPY bot bot
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --uid 10001 --create-home bellwether
COPY --from=build /opt/bellwether /opt/bellwether
ENV PATH=/opt/bellwether/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001
WORKDIR /home/bellwether
ENTRYPOINT ["bellwether"]
CMD ["demo"]
