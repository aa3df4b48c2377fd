/** Loads the command line and runs it; says so where not even that can be done. */
export async function start(name) {
  let main;
  try {
    ({ main } = await import('../dist/cli/main.js'));
  } catch (error) {
    const reason = reasons[error?.code] ?? 'its files are damaged; install it again';
    process.stderr.write(`aligner-lab: cannot be loaded: ${reason}\n`);
    if (process.argv.includes('--debug')) process.stderr.write(`${error?.stack}\n`);
    process.exitCode = 1;
    return;
  }
  await main(name);
}

const reasons = {
  EMFILE: 'too many open files; close some, or raise the limit (ulimit -n)',
  ENFILE: 'too many open files on this machine; close some and try again',
  EACCES: 'permission denied; change the permissions of its files',
  ERR_MODULE_NOT_FOUND: 'files are missing; install it again, or build it (npm run build)',
};
