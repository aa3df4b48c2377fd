import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/wire/address.js';
import { createClient } from '../../src/wire/client.js';
import { probeServer, type Probed } from '../../src/wire/probe.js';
import { serverTemplate } from '../../src/wire/template.js';
import { fakeServer, type Behaviour } from './fakeServer.js';

async function probe(behaviour: Behaviour): Promise<Probed> {
  await using server = await fakeServer(behaviour);
  const client = createClient({
    address: parseAddress(`${server.url}#fake`),
    retries: { most: 0 },
  });
  const render = await serverTemplate(client, 'fake');
  const asking = { model: 'fake', maxTokens: 64 };
  return await probeServer({ client, asking, templates: render ? [render] : [] });
}

describe('probeServer', () => {
  it('takes the way that goes on, in the order of trust', async () => {
    expect(await probe({ completions: true, applyTemplate: true, trailing: 'continue' })).toMatchObject({ way: 'completions', repeats: false }); // prettier-ignore
    expect(await probe({ continueFinal: 'continue' })).toMatchObject({ way: 'continue-final-message' }); // prettier-ignore
    expect(await probe({ prefixField: 'continue' })).toMatchObject({ way: 'prefix-field' });
    expect(await probe({ trailing: 'continue' })).toMatchObject({ way: 'trailing-message' });
  });

  it('sees that a prefix is said again', async () => {
    expect(await probe({ trailing: 'repeat' })).toMatchObject({ way: 'trailing-message', repeats: true }); // prettier-ignore
  });

  it('trusts no server that begins a new turn in silence, and says what each way did', async () => {
    const { way, tried } = await probe({ continueFinal: 'refuse' });
    expect(way).toBeNull();
    expect(tried).toEqual({
      'continue-final-message': 'is refused',
      'prefix-field': 'begins a new turn',
      'trailing-message': 'begins a new turn',
    });
  });

  it('leaves out what a server does not take', async () => {
    const { asking, way } = await probe({ unknown: ['stream_options', 'max_tokens'], trailing: 'continue' }); // prettier-ignore
    expect(asking.without).toEqual(['stream_options', 'max_tokens']);
    expect(way).toBe('trailing-message');
  });

  it('does with completions alone', async () => {
    const found = await probe({ chat: false, completions: true, applyTemplate: true });
    expect(found.way).toBe('completions');
    expect(found.warnings.join()).toContain('no chat of its own');
  });

  it.each([
    { whole: true },
    { usage: 'none', done: false } as const,
    { usage: 'last', comments: true } as const,
  ])('reads every form of answer: %o', async (form) => {
    expect((await probe({ ...form, trailing: 'continue' })).way).toBe('trailing-message');
  });
});
