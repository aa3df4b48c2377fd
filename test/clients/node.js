/**
 * Clients of npm against a server, each with its own calls. Run by `main.ts` in a folder where the
 * packages are installed; prints a line of JSON per client: feature → `ok`, or why not.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, base, key, model] = process.argv.slice(2);
const require = createRequire(join(folder, 'package.json'));
const load = async (name) => await import(pathToFileURL(require.resolve(name)).href);
const question = 'Mia has 4 bags of 7 nuts. How many nuts does Mia have?';
const messages = [{ role: 'user', content: question }];

/** What the plain HTTP answer says, which every client must hand on. */
const post = async (body, given = key) =>
  await fetch(`${base}/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${given}` },
    body: JSON.stringify({ model, messages, ...body }),
  });
const answer = async (body) => (await (await post(body)).json()).choices[0].message.content;
const plain = await answer({});
const pushed = await answer({ aligner: { coefficient: -1 } });
const after = await answer({
  messages: [...messages, { role: 'assistant', content: plain }, ...messages],
});

function same(found, expected) {
  if (found !== expected) throw new Error(`got ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`); // prettier-ignore
}

async function failing(work) {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

const clients = {
  async 'openai (npm)'() {
    const { default: OpenAI } = await load('openai');
    const client = new OpenAI({ baseURL: base, apiKey: key });
    const create = (more) => client.chat.completions.create({ model, messages, ...more });
    return {
      models: async () => same((await client.models.list()).data[0].id, model),
      answer: async () => same((await create()).choices[0].message.content, plain),
      stream: async () => {
        let text = '';
        let usage = null;
        for await (const chunk of await create({
          stream: true,
          stream_options: { include_usage: true },
        })) {
          // prettier-ignore
          text += chunk.choices[0]?.delta.content ?? '';
          usage = chunk.usage ?? usage;
        }
        same(text, plain);
        if (!(usage?.completion_tokens > 0)) throw new Error('no usage');
      },
      'stream helper': async () => {
        const stream = client.chat.completions.stream({ model, messages });
        same((await stream.finalChatCompletion()).choices[0].message.content, plain);
      },
      strength: async () => same((await create({ aligner: { coefficient: -1 } })).choices[0].message.content, pushed), // prettier-ignore
      audit: async () => {
        const found = await create();
        if (!(found.aligner.choices[0].rounds.length > 0)) throw new Error('no rounds');
        const { response } = await create().withResponse();
        if (response.headers.get('x-aligner-rounds') === null) throw new Error('no header');
      },
      choices: async () => same((await create({ n: 2 })).choices.length, 2),
      error: async () => {
        const error = await failing(() =>
          client.chat.completions.create({ model: 'none', messages }),
        );
        same([error.status, error.code, error.param].join(), '404,model_not_found,model');
      },
      key: async () => {
        const other = new OpenAI({ baseURL: base, apiKey: 'wrong' });
        const error = await failing(() => other.models.list());
        same(error.constructor.name, 'AuthenticationError');
      },
      cancel: async () => {
        const stream = await create({ stream: true });
        for await (const chunk of stream) if (chunk) break;
        stream.controller.abort();
      },
    };
  },

  async 'Vercel AI SDK'() {
    const { generateText, streamText } = await load('ai');
    const { createOpenAICompatible } = await load('@ai-sdk/openai-compatible');
    const provider = createOpenAICompatible({ name: 'aligner', baseURL: base, apiKey: key, includeUsage: true }); // prettier-ignore
    const how = { model: provider(model), prompt: question, maxRetries: 0 };
    return {
      answer: async () => same((await generateText(how)).text, plain),
      stream: async () => {
        const result = streamText(how);
        let text = '';
        for await (const piece of result.textStream) text += piece;
        same(text, plain);
        same(await result.finishReason, 'stop');
        if (!((await result.usage).outputTokens > 0)) throw new Error('no usage');
      },
      strength: async () => {
        same((await generateText({ ...how, model: provider(`${model}@-1`) })).text, pushed);
        same((await generateText({ ...how, providerOptions: { aligner: { aligner: { coefficient: -1 } } } })).text, pushed); // prettier-ignore
      },
      audit: async () => {
        const { response } = await generateText(how);
        if (response.headers['x-aligner-rounds'] === undefined) throw new Error('no header');
        if (response.body.aligner === undefined) throw new Error('no field');
      },
      conversation: async () => {
        const said = [...messages, { role: 'assistant', content: plain }, ...messages];
        same((await generateText({ ...how, prompt: undefined, messages: said })).text, after);
      },
      error: async () => {
        const error = await failing(() => generateText({ ...how, model: provider('none') }));
        same(error.statusCode, 404);
      },
      cancel: async () => {
        const ending = new AbortController();
        const { textStream } = streamText({ ...how, abortSignal: ending.signal });
        for await (const piece of textStream) if (piece) ending.abort();
      },
    };
  },

  async 'LangChain (npm)'() {
    const { ChatOpenAI } = await load('@langchain/openai');
    const make = (more = {}) => new ChatOpenAI({ model, apiKey: key, configuration: { baseURL: base }, maxRetries: 0, ...more }); // prettier-ignore
    return {
      answer: async () => same((await make().invoke(question)).content, plain),
      stream: async () => {
        let text = '';
        for await (const chunk of await make().stream(question)) text += chunk.content;
        same(text, plain);
      },
      strength: async () => {
        same((await make({ model: `${model}@-1` }).invoke(question)).content, pushed);
        same((await make({ modelKwargs: { aligner: { coefficient: -1 } } }).invoke(question)).content, pushed); // prettier-ignore
      },
      usage: async () => {
        const { usage_metadata: usage } = await make().invoke(question);
        if (!(usage?.output_tokens > 0)) throw new Error('no usage');
      },
      error: async () => same((await failing(() => make({ model: 'none' }).invoke(question))).status, 404), // prettier-ignore
    };
  },

  async 'LlamaIndex (npm)'() {
    const { OpenAI } = await load('@llamaindex/openai');
    const make = (more = {}) => new OpenAI({ model, apiKey: key, baseURL: base, maxRetries: 0, temperature: 0, ...more }); // prettier-ignore
    return {
      answer: async () => same((await make().chat({ messages })).message.content, plain),
      stream: async () => {
        let text = '';
        for await (const chunk of await make().chat({ messages, stream: true }))
          text += chunk.delta;
        same(text, plain);
      },
      strength: async () => {
        const { message } = await make({ model: `${model}@-1` }).chat({ messages });
        same(message.content, pushed);
      },
      error: async () => same((await failing(() => make({ model: 'none' }).chat({ messages }))).status, 404), // prettier-ignore
    };
  },

  async 'what Open WebUI sends'() {
    // Its backend: a list of models, then a stream with its own fields of OpenAI's API, and titles.
    const usual = {
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0,
      user: 'u',
    };
    return {
      models: async () => {
        const list = await (await fetch(`${base}/models`, { headers: { Authorization: `Bearer ${key}` } })).json(); // prettier-ignore
        same(list.data[0].id, model);
      },
      stream: async () => {
        const text = await (await post(usual)).text();
        if (!text.endsWith('data: [DONE]\n\n')) throw new Error('no end');
      },
      title: async () => same((await post({ stream: false, max_completion_tokens: 1000 })).status, 200), // prettier-ignore
      'goes on': async () => {
        const begun = [...messages, { role: 'assistant', content: 'We' }];
        same((await post({ ...usual, messages: begun })).status, 200);
      },
    };
  },
};

for (const [name, open] of Object.entries(clients)) {
  const found = {};
  try {
    for (const [feature, work] of Object.entries(await open())) {
      found[feature] = await Promise.resolve().then(work).then(() => 'ok', (error) => String(error.message ?? error).slice(0, 200)); // prettier-ignore
    }
  } catch (error) {
    found.opens = String(error.message ?? error).slice(0, 200);
  }
  console.log(JSON.stringify({ client: name, found }));
}
process.exit(0);
