/** A server that speaks Redis's protocol (RESP 2) and keeps nothing: no Redis is needed. */
import { createServer, type Server } from 'node:net';

/** What a client says first, and what `aligner-lab worker` asks of a Redis without jobs. */
const usual: Record<string, string> = {
  AUTH: '+OK\r\n',
  PING: '+PONG\r\n',
  INFO: '$34\r\nredis_version:7.2.0\r\nloading:0\r\n\r\n\r\n',
  CLIENT: '+OK\r\n',
  SMEMBERS: '*0\r\n',
  QUIT: '+OK\r\n',
};

/** @param answer to a command, as it is sent; undefined: as usual */
export function fakeRedis(
  answer: (words: readonly string[]) => string | Promise<string> | undefined = () => undefined,
): Server {
  return createServer((socket) => {
    socket.on('error', () => undefined);
    let told = Promise.resolve();
    socket.on('data', (data) => {
      for (const words of commandsIn(data.toString('latin1'))) {
        const [name = ''] = words;
        const said =
          answer(words) ?? usual[name.toUpperCase()] ?? `-ERR unknown command '${name}'\r\n`;
        // In the order of the commands.
        told = told.then(async () => void socket.write(await said));
      }
    });
  });
}

/** `*<words>\r\n$<length>\r\n<word>\r\n…`, one after the other. */
function commandsIn(text: string): string[][] {
  const parts = text.split(/^\*\d+\r\n/m).filter((part) => part !== '');
  return parts.map((part) => Array.from(part.matchAll(/\$\d+\r\n([^\r]*)\r\n/g), ([, word = '']) => word)); // prettier-ignore
}
