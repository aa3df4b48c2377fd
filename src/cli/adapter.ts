/** `--adapter` of every command whose model can be read: short for the name `model+adapter`. */
import { isModelName } from '../align/open.js';
import { text } from '../shape/options.js';
import { flagFor } from './options.js';
import { UsageError } from '../text/usageError.js';
import type { Command } from './command.js';

const adapter = text({
  value: 'folder',
  help: 'a LoRA adapter on the model: a folder that PEFT saved, or gsm8k-corrector and the like; any model can be named model+folder',
});

/** The command with the option, where it has a model to put an adapter on. */
export function takingAdapter(command: Command): Command {
  const { model, ...others } = command.options;
  if (model === undefined || !('device' in others)) return command;
  const flag = flagFor('model', model);
  return {
    ...command,
    options: { model, adapter, ...others },
    run: (call) => command.run({ ...call, options: named(call.options as Given, flag) }),
  };
}

type Given = Readonly<Record<string, unknown>>;

function named({ adapter: given, ...options }: Given, flag: string): Given {
  if (typeof given !== 'string') return options;
  const { model } = options;
  if (typeof model !== 'string' || !isModelName(model)) {
    throw new UsageError(`--adapter: there is no local model to put it on; name one with ${flag}`);
  }
  return { ...options, model: `${model}+${given}` };
}
