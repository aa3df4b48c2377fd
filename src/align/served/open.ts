/** What is behind `http://host/v1#model`, opened for one use: asked what it has, and probed. */
import { createHash } from 'node:crypto';
import type { Identity } from '../../runtime/identity.js';
import type { Tokenizer } from '../../runtime/decoder.js';
import { keyOf, keyVariable, parseAddress } from '../../wire/address.js';
import { createClient, type Client, type ClientOptions } from '../../wire/client.js';
import { ServerError } from '../../wire/errors.js';
import { chosenModel, serverModels, type ServerModels } from '../../wire/models.js';
import { probeServer, type Probed } from '../../wire/probe.js';
import { serverTemplate, type Render } from '../../wire/template.js';
import type { Asked, Asking, ServedSampling } from '../../wire/ways.js';
import type { Aligner } from '../aligner.js';
import type { Corrector } from '../corrector.js';
import type { Upstream } from '../upstream.js';
import { servedAligner, servedCorrector, type ServedModel } from './correctors.js';
import type { OpenPaid } from './tapes.js';
import { servedUpstream } from './upstream.js';

/** How servers are asked. */
export interface ServerOptions extends Pick<
  ClientOptions,
  'meter' | 'deadlines' | 'concurrency' | 'retries' | 'fetch' | 'clock'
> {
  /** Where keys are, see {@link keyOf}. Default `process.env`. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Renders chats as the served model wants them. Default: the server's own way, where it has one. */
  template?: Pick<Tokenizer, 'chat' | 'chatPrompt' | 'controlTokens'>;
  /** Default: greedy. */
  sampling?: ServedSampling;
  /** Most tokens of an answer. Default 512. */
  maxTokens?: number;
  /** Answers of earlier runs. Default: none are kept. */
  paid?: OpenPaid;
  /**
   * Whether an upstream's answers are kept in memory for whoever asks the same again. Default true: an
   * experiment pays for none twice. A server of many questions keeps none.
   */
  remember?: boolean;
  signal?: AbortSignal;
}

/** @throws where the server cannot be reached, has no such model, or says nothing. */
export async function openServedUpstream(
  name: string,
  options: ServerOptions & { name?: string } = {},
): Promise<Upstream> {
  const { client, probed, identity } = await servedGoingOn(name, options, 512);
  const paid = await options.paid?.(identity);
  const { clock, remember } = options;
  const { warnings } = probed;
  return servedUpstream({ client, probed, identity, warnings, paid, clock, remember });
}

/** A model that goes on with answers that have begun, and the way in which it does. */
export interface ServedGoingOn extends Pick<ServedModel, 'client' | 'identity'> {
  probed: Probed;
}

/**
 * A model that may go on with an answer: its way is null where it does not.
 * @throws as {@link openServedUpstream}
 */
export async function servedGoingOn(
  name: string,
  options: ServerOptions & { name?: string },
  maxTokens: number,
): Promise<ServedGoingOn> {
  const { client, asking, models } = await connect(name, {
    ...options,
    maxTokens: options.maxTokens ?? maxTokens,
  });
  const { signal } = options;
  const templates = options.template
    ? rendersOf(options.template)
    : toList(await serverTemplate(client, asking.model, signal));
  const extra = models.owner === 'vllm' ? { extra: { add_special_tokens: false } } : {};
  const probed = await probeServer({ client, asking: { ...asking, ...extra }, templates, signal });
  const prompt = (await probed.render?.({ question: 'Which question?' }, signal)) ?? null;
  const settings = {
    ...{ way: probed.way, maxTokens: asking.maxTokens, sampling: asking.sampling },
    ...(prompt !== null && { prompt }),
  };
  const identity = identityOf(client, { asking, settings, name: options.name, probed });
  return { client, probed, identity };
}

/** @throws as {@link openServedUpstream} */
export async function openServedCorrector(
  name: string,
  options: ServerOptions & { name?: string } = {},
): Promise<Corrector> {
  return servedCorrector(await servedModel(name, options, 128));
}

/** @throws as {@link openServedUpstream} */
export async function openServedAligner(
  name: string,
  options: ServerOptions & { name?: string } = {},
): Promise<Aligner> {
  return servedAligner(await servedModel(name, options, 512));
}

/**
 * A model that answers from the beginning.
 * @throws as {@link openServedUpstream}
 */
export async function servedModel(
  name: string,
  options: ServerOptions & { name?: string },
  maxTokens: number,
): Promise<ServedModel> {
  const { client, asking } = await connect(name, {
    ...options,
    maxTokens: options.maxTokens ?? maxTokens,
  });
  const { signal } = options;
  // The answer to one question tells this model from another behind the same name.
  const probed = await probeServer({ client, asking, templates: [], ways: [], signal });
  const settings = { maxTokens: asking.maxTokens, sampling: asking.sampling };
  const identity = identityOf(client, { asking, settings, name: options.name, probed });
  return { client, identity, asking: probed.asking, paid: await options.paid?.(identity) };
}

async function connect(
  name: string,
  options: ServerOptions & { maxTokens: number },
): Promise<{ client: Client; asking: Asking; models: ServerModels }> {
  const address = parseAddress(name);
  const key = keyOf(address, options.env ?? process.env);
  const client = createClient({ ...options, address, key });
  const models = await listed(client, key === null, options.signal);
  const model = chosenModel(models, client);
  const { maxTokens, sampling } = options;
  return { client, models, asking: { model, maxTokens, ...(sampling && { sampling }) } };
}

/** Some services list no models; whoever refuses the key says so here. */
async function listed(
  client: Client,
  keyless: boolean,
  signal: AbortSignal | undefined,
): Promise<ServerModels> {
  try {
    const models = await serverModels(client, signal);
    const { model, shown } = client.address;
    if (model === null || models.ids.length === 0 || models.ids.includes(model)) return models;
    throw new Error(
      `server: ${shown} has no model ${model} (it has ${models.ids.slice(0, 20).join(', ')}); name one of them behind #`,
    );
  } catch (error) {
    if (!(error instanceof ServerError) || error.status === null) throw error;
    if (error.status === 401 || error.status === 403) {
      if (!keyless) throw error;
      throw new Error(
        `server: ${client.address.shown} wants a key; put it into ${keyVariable(client.address.url)}`,
        { cause: error },
      );
    }
    return { ids: [], owner: null };
  }
}

/** As it is, and without the token that begins a text, which most servers add by themselves. */
function rendersOf({
  chat,
  chatPrompt,
  controlTokens = [],
}: NonNullable<ServerOptions['template']>): Render[] {
  const promptOf = ({ question, turns }: Asked): string =>
    turns ? chat(turns) : chatPrompt(question);
  const whole: Render = async (asked) => await Promise.resolve(promptOf(asked));
  const begins = controlTokens.find((token) => {
    return chatPrompt('a').startsWith(token) && /^<(s|bos|\|begin_of_text\|)>$/i.test(token);
  });
  if (begins === undefined) return [whole];
  return [async (asked) => (await whole(asked)).slice(begins.length), whole];
}

function toList(render: Render | null): Render[] {
  return render ? [render] : [];
}

function identityOf(
  client: Client,
  about: {
    asking: Asking;
    settings: NonNullable<Identity['settings']>;
    name: string | undefined;
    probed: Pick<Probed, 'opening'>;
  },
): Identity {
  const { asking, settings, name, probed } = about;
  const { shown } = client.address;
  const made = JSON.stringify([shown, asking.model, probed.opening]);
  const sha256 = createHash('sha256').update(made).digest('hex');
  const source = `${shown}#${asking.model}`;
  return { kind: 'server', name: name ?? asking.model, sha256, source, settings };
}
