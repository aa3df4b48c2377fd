/** What all parts of the page make elements with. Text goes in as text, never as markup. */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Partial<HTMLElementTagNameMap[K]> | null} [properties]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, properties, ...children) {
  const made = document.createElement(tag);
  Object.assign(made, properties ?? {});
  made.append(...children);
  return made;
}

/**
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} kind
 * @returns {T}
 */
export function find(root, selector, kind) {
  const found = root.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`page: index.html has no ${selector}`);
  return found;
}

/**
 * The content of a template.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function fromTemplate(id) {
  const copy = find(document, `#${id}`, HTMLTemplateElement).content.firstElementChild?.cloneNode(true); // prettier-ignore
  if (!(copy instanceof HTMLElement)) throw new Error(`page: the template ${id} is empty`);
  return copy;
}

/** @param {number} value @param {number} [digits] with a true minus sign */
export function fixed(value, digits = 2) {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', '−');
}

/** @param {number} value */
export function signed(value) {
  const text = fixed(value);
  return value > 0 && Number(text) > 0 ? `+${text}` : text;
}

/** @param {number} value */
export function percent(value) {
  return `${Math.round(value * 100)} %`;
}
