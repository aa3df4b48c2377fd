/** Names of models on the Hugging Face hub: `org/name[@revision][:variant]`. */

/** What is asked of the hub. */
export interface HubRepo {
  /** What it holds. */
  type: 'model' | 'dataset';
  /** `org/name` */
  repo: string;
  /** Branch, tag or commit; default `main`. */
  revision: string;
}

export interface HubName extends Omit<HubRepo, 'type'> {
  /** Precision of the decoder as its file is named, e.g. `fp16`; null: the best there is. */
  variant: string | null;
}

/**
 * One slash, none of the marks that only paths have. Pull requests are the one kind of revision
 * with slashes of its own (`refs/pr/1`).
 */
const pattern =
  /^([a-z\d][\w.-]*\/[a-z\d_][\w.-]*)(?:@([\w-][\w.-]*|refs\/\w+\/[\w.-]+))?(?::([a-z\d_]+))?$/i;

/** The parts of a name; null where it cannot be one, so that nothing is asked of the network. */
export function parseHubName(model: string): HubName | null {
  const [, repo, revision = 'main', variant = null] = pattern.exec(model) ?? [];
  // Two dots would climb out of the cache's folders, two hyphens mean a slash there.
  if (repo === undefined || /\.\.|--/.test(repo) || revision.includes('..')) return null;
  // A file that is not there, rather than a repository.
  if (repo.endsWith('.onnx')) return null;
  return { repo, revision, variant };
}
