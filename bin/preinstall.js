/**
 * Runs while the package is installed into another project. On Linux x64, onnxruntime-node then
 * downloads CUDA libraries; where their server cannot be reached, npm ends with an error that does not
 * say what to do. This comes first, and says it.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const server = 'https://api.nuget.org/v3/index.json';
const most = 10_000;

/** Whether onnxruntime-node will download: its own conditions. */
function willDownload({ env, platform, arch }) {
  if (platform !== 'linux' || arch !== 'x64') return false;
  const flags = ['ONNXRUNTIME_NODE_INSTALL', 'ONNXRUNTIME_NODE_INSTALL_CUDA'];
  const given = [...flags, ...flags.map((flag) => `npm_config_${flag.toLowerCase()}`)];
  if (given.some((name) => env[name] === 'skip')) return false;
  return !areThere();
}

/** The libraries of an earlier installation. */
function areThere() {
  try {
    const found = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
    const library = 'bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so';
    return existsSync(join(dirname(found), library));
  } catch {
    return false;
  }
}

/** A checkout has settings of its own (.npmrc, allowScripts). */
function isCheckout({ env }) {
  const { npm_config_local_prefix: root, npm_package_json: file } = env;
  return file !== undefined && dirname(file) === root;
}

/** Null where the server answers, or where another way than ours may lead to it. */
async function failure({ env }) {
  if (env.GLOBAL_AGENT_HTTPS_PROXY || env.GLOBAL_AGENT_HTTP_PROXY) return null;
  try {
    await fetch(server, { method: 'HEAD', signal: AbortSignal.timeout(most) });
    return null;
  } catch (error) {
    return error.cause?.message ?? error.message;
  }
}

if (willDownload(process) && !isCheckout(process)) {
  const reason = await failure(process);
  if (reason !== null) {
    console.error(
      `aligner-lab: onnxruntime-node, which runs the models, downloads CUDA libraries from api.nuget.org while it is installed, and that cannot be reached (${reason}). Models run on the CPU without them: set ONNXRUNTIME_NODE_INSTALL=skip in the environment and install again, e.g.

  ONNXRUNTIME_NODE_INSTALL=skip npm install <the same as before>
`,
    );
    process.exitCode = 1;
  }
}
