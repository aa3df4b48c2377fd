/** The socket: limits of Node's HTTP server, and an end that lets answers finish. */
import { createAdaptorServer } from '@hono/node-server';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { createApp } from './app.js';
import type { Gate } from './gate.js';

export interface ListenOptions {
  app: ReturnType<typeof createApp>;
  gate: Gate;
  host: string;
  /** 0: any that is free. */
  port: number;
  /** Connections at once. */
  connections: number;
}

/** Milliseconds and bytes: whoever sends slower or more is no client. */
const socketLimits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 16_384,
} as const;
const mostHeaders = 100;

export interface Listening {
  /** `http://host:port` */
  url: string;
  /** Takes no new connection, lets answers finish, and ends what is left when the signal aborts. */
  end(signal: AbortSignal): Promise<void>;
}

/** @throws where the address cannot be listened on. */
export async function listen(options: ListenOptions): Promise<Listening> {
  const { app, gate, host, port } = options;
  const server = createAdaptorServer({
    fetch: app.fetch,
    createServer,
    serverOptions: socketLimits,
  }) as Server;
  server.maxHeadersCount = mostHeaders;
  server.maxConnections = options.connections;
  await opened(server, { host, port });
  return {
    url: urlOf(server),
    async end(signal) {
      gate.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await gate.empty(signal);
      // The last lines are on their way; connections that are kept alive would be waited for.
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      const late = setTimeout(() => server.closeAllConnections(), signal.aborted ? 0 : 2_000);
      await closed;
      clearInterval(idle);
      clearTimeout(late);
    },
  };
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there',
  EACCES: 'this user may not',
  ENOTFOUND: 'there is no such host',
  EADDRNOTAVAIL: 'the address is not of this machine',
};

function opened(server: Server, at: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = reasons[error.code ?? ''] ?? error.message;
      const other = error.code === 'EADDRINUSE' || error.code === 'EACCES' ? '--port' : '--host';
      reject(new Error(`serve: cannot listen on ${at.host}:${at.port}: ${why}; choose another ${other}`, { cause: error })); // prettier-ignore
    });
    server.listen(at.port, at.host, resolve);
  });
}

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
