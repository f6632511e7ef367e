# asched in a container: `docker run -v asched-state:/state -v $PWD:/app asched`
#
# The entrypoint is asched itself, also as PID 1: it reaps orphans and drains on TERM, so no init is needed.
FROM python:3.13-slim AS build
COPY . /source
RUN pip install --no-cache-dir --prefix=/install /source

FROM python:3.13-slim
COPY --from=build /install /usr/local
RUN useradd --system --uid 10001 --home-dir /app asched \
    && mkdir /state /app \
    && chown asched /state /app
COPY --chown=asched config.toml /app/config.toml
COPY --chown=asched jobs /app/jobs
USER asched
WORKDIR /app
ENV ASCHED_STATE_DIR=/state ASCHED_SERVICE__LEDGER=/state/asched.db PYTHONUNBUFFERED=1
VOLUME /state
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s CMD ["asched", "healthcheck"]
ENTRYPOINT ["asched"]
CMD ["serve"]
