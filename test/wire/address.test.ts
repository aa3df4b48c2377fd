/** Addresses of servers: what is sent there, and what may be shown of them. */
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/wire/address.js';
import { errorIn, ServerError } from '../../src/wire/errors.js';
import { answerEvents } from '../../src/wire/events.js';

describe('an address', () => {
  it('names a model with any signs', () => {
    expect(parseAddress('http://h.test/v1#org/m%20x').model).toBe('org/m x');
    expect(parseAddress('http://h.test/v1#100%').model).toBe('100%');
    expect(parseAddress('http://h.test/v1#%c3').model).toBe('%c3');
  });

  it.each(['http://h.test:99999/v1?key=secret', 'http://me:secret@h.test:x/v1', 'h.test?secret'])(
    '%s that is none is refused without its keys',
    (name) => {
      let message = '';
      try {
        parseAddress(name);
      } catch (error) {
        message = error instanceof Error ? error.message : '';
      }
      expect(message).toMatch(/^server: ".*" is no address \(expected http:/);
      expect(message).not.toContain('secret');
    },
  );
});

describe('an error of a server', () => {
  const deep = `{"error":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;

  it('is told however deeply it is nested', () => {
    expect(errorIn(deep)?.message).toBe('an error nested too deeply to be shown');
  });

  it('within an answer is one short line', async () => {
    for (const event of [
      deep,
      JSON.stringify({ error: { message: 'a\u001b[31m\n'.repeat(9000) } }),
    ]) {
      const response = new Response(`data: ${event}\n\n`, {
        headers: { 'Content-Type': 'text/event-stream' },
      });
      const read = async (): Promise<void> => {
        for await (const { text } of answerEvents(response, 'http://h.test')) expect(text).toBe('');
      };
      const error = await read().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ServerError);
      const { message } = error as ServerError;
      expect(message.length).toBeLessThan(2000);
      // eslint-disable-next-line no-control-regex
      expect(message).not.toMatch(/[\u0000-\u001f]/);
    }
  });
});
