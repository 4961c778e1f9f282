# The production image: the compiled server and its production dependencies, without the sandbox and the build tools.
# It runs as an unprivileged numeric user and needs no writable file system:
#
#   docker build -t sallyport:0.1.0 .
#   docker run --read-only --cap-drop ALL -p 8443:8443 -e SALLYPORT_HEALTH_URL=https://…/healthz -v "$PWD/sallyport.yaml:/etc/sallyport/sallyport.yaml:ro" sallyport:0.1.0

FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json tsconfig.json tsconfig.base.json ./
COPY packages ./packages
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY src ./src
RUN npm run build

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages/client/package.json ./packages/client/
COPY packages/sts-protocol/package.json ./packages/sts-protocol/
RUN npm run install:production

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
# The server needs no package manager.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn*
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /src/packages/client/dist ./packages/client/dist
COPY --from=build /src/packages/sts-protocol/dist ./packages/sts-protocol/dist
COPY --from=build /src/dist ./dist
COPY packages/client/package.json ./packages/client/
COPY packages/sts-protocol/package.json ./packages/sts-protocol/
COPY package.json LICENSE ./
USER 65532:65532
EXPOSE 8443
# If the server terminates TLS itself, set this to a URL that matches its certificate; see deploy/compose.yaml.
ENV SALLYPORT_HEALTH_URL=http://127.0.0.1:8443/healthz
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(process.env.SALLYPORT_HEALTH_URL).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["serve", "--config", "/etc/sallyport/sallyport.yaml"]
