// The few things this page does with the DOM. Text only ever enters through textContent, never as markup.

type Child = Node | string;

/** An element with class and children; strings become text. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** A button that shows an icon of styles/icons.css and tells what it does. */
export function iconButton(icon: string, label: string): HTMLButtonElement {
  const button = el('button', 'icon-button', el('span', `icon icon-${icon}`));
  button.type = 'button';
  button.title = label;
  button.setAttribute('aria-label', label);
  return button;
}

/** The element of index.html with this id. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no element #${id}`);
  return element;
}

/** Writes only what changed: most texts stay the same from one update to the next. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

export function setClass(element: Element, className: string): void {
  if (element.className !== className) element.className = className;
}

/** Makes `parent` hold exactly these children in this order, moving as little as possible. */
export function setChildren(parent: Element, children: readonly Element[]): void {
  children.forEach((child, index) => {
    const present = parent.children[index];
    if (present !== child) parent.insertBefore(child, present ?? null);
  });
  while (parent.children.length > children.length) parent.lastElementChild!.remove();
}

/** Everything in the page but `element` and dialogs takes no focus and no click, and is not read; or does again. */
export function setOthersInert(element: Element, inert: boolean): void {
  for (let at = element; at !== document.body && at.parentElement; at = at.parentElement) {
    for (const other of at.parentElement.children) {
      if (other !== at && other instanceof HTMLElement && !(other instanceof HTMLDialogElement)) other.inert = inert;
    }
  }
}

/** A number for people with the exact one behind it: `<data value="1234567">1.23 M</data>`. */
export class NumberField {
  readonly element = el('data');

  constructor(
    private readonly show: (value: number | null | undefined) => string,
    name = '',
  ) {
    if (name) this.element.dataset['field'] = name;
  }

  /** `absent` is the text for a value that is not known. */
  set(value: number | null | undefined, absent?: string): void {
    const isKnown = value !== null && value !== undefined;
    setText(this.element, isKnown ? this.show(value) : (absent ?? this.show(value)));
    setAttribute(this.element, 'value', isKnown ? String(value) : '');
  }
}
