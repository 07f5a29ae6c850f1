// What the listing page does better where scripts run: it filters while one types, and sorts in place. The page is
// whole without it. Like the style it is inline, and allowed by its hash alone.

/**
 * The text of the page's one script element. Whoever edits it renews the hash below; the test prints the new one.
 *
 * It is told nothing but what the page shows: names, and the exact sizes and times that stand beside the readable ones.
 * Names are folded and compared as in listing-entries.ts. The form is the state: what is asked for, and so the address.
 * Rows that the server left out for an earlier filter are fetched when a wider one is typed. A page that does not hold
 * all there is leaves filtering to the server. Rows are moved while the table is without its body, which costs a fifth
 * where there are many. Browsers limit how often an address may change; then it stays behind.
 */
export const LISTING_SCRIPT = String.raw`
'use strict';
{
  const table = document.querySelector('table');
  const heads = [...table.tHead.rows[0].cells];
  const status = document.querySelector('[role=status]');
  const form = document.querySelector('form');
  const { filter: input, sort: key, order } = form.elements;
  let loaded = input.defaultValue;
  let entries;
  let request;

  const fold = (text) => text.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
  const sortNumber = (digits) => {
    const number = digits.replace(/^0+(?=.)/, '');
    return '0' + String.fromCharCode(number.length) + number;
  };
  const sortName = (name) =>
    (/[^\0-\x7f]/.test(name) ? name.normalize('NFKD').replace(/\p{M}+/gu, '') : name)
      .toLowerCase()
      .replace(/\d+/g, sortNumber);

  const read = (row) => {
    const [title, size, date] = row.cells;
    const text = row.matches('.folder, .link') ? title.textContent.slice(0, -1) : title.textContent;
    return {
      row,
      text,
      isFolder: row.matches('.folder'),
      folded: fold(text),
      name: sortName(text),
      size: Number(size.firstChild?.value ?? 0),
      date: Date.parse(date.firstChild?.dateTime) || 0,
    };
  };
  const all = () => (entries ??= [...table.tBodies[0].rows].filter((row) => !row.matches('.up')).map(read));

  const isPartial = () => table.hasAttribute('data-partial');
  const address = (changes) => {
    const query = new URLSearchParams(new FormData(form));
    for (const name in changes) query.set(name, changes[name]);
    if (input.value === '') query.delete('filter');
    return '?' + query;
  };
  const tellAddress = () => {
    for (const head of heads) {
      const sort = head.dataset.key;
      const first = sort === 'name' ? 'asc' : 'desc';
      const other = order.value === 'asc' ? 'desc' : 'asc';
      head.firstChild.href = address({ sort, order: sort === key.value ? other : first });
    }
    const isPlain = address() === '?sort=name&order=asc';
    try {
      history.replaceState(history.state, '', isPlain ? location.pathname : address());
    } catch {}
  };

  const count = (number, noun) => (number === 0 ? [] : [number + ' ' + noun + (number === 1 ? '' : 's')]);
  const summary = (folders, files) => {
    const counts = [...count(folders, 'folder'), ...count(files, 'file')].join(', ');
    if (input.value === '') return counts || 'Empty';
    return counts === '' ? 'Nothing found' : 'Found: ' + counts;
  };
  const filter = () => {
    const wanted = fold(input.value);
    let [folders, files] = [0, 0];
    for (const { row, folded, isFolder } of all()) {
      row.hidden = !folded.includes(wanted);
      if (!row.hidden) isFolder ? folders++ : files++;
    }
    status.textContent = summary(folders, files);
    tellAddress();
  };

  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  const byName = (a, b) => compare(a.name, b.name) || compare(a.text, b.text);
  const sort = () => {
    const by = key.value;
    const direction = order.value === 'asc' ? 1 : -1;
    const byKey = by === 'name' ? byName : (a, b) => a[by] - b[by];
    all().sort((a, b) => b.isFolder - a.isFolder || direction * byKey(a, b) || byName(a, b));
    const body = table.tBodies[0];
    body.remove();
    body.append(...entries.map(({ row }) => row));
    table.append(body);
    for (const head of heads) {
      head.removeAttribute('aria-sort');
      if (head.dataset.key === by) head.setAttribute('aria-sort', direction > 0 ? 'ascending' : 'descending');
    }
    tellAddress();
  };

  const load = () => {
    const wanted = input.value;
    request = new XMLHttpRequest();
    request.responseType = 'document';
    request.onload = () => {
      const fresh = request.status === 200 && request.response?.querySelector('table');
      if (!fresh) return;
      table.className = fresh.className;
      table.tBodies[0].replaceWith(fresh.tBodies[0]);
      table.toggleAttribute('data-partial', fresh.hasAttribute('data-partial'));
      status.textContent = request.response.querySelector('[role=status]').textContent;
      entries = undefined;
      loaded = wanted;
      sort();
    };
    request.open('GET', address());
    request.send();
  };
  const update = () => {
    request?.abort();
    if (!fold(input.value).includes(fold(loaded))) load();
    else if (!isPartial()) filter();
  };

  for (const head of heads) {
    head.firstChild.addEventListener('click', (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      const asked = new URLSearchParams(head.firstChild.search);
      key.value = asked.get('sort');
      order.value = asked.get('order');
      sort();
    });
  }
  form.addEventListener('submit', (event) => {
    if (!isPartial()) event.preventDefault();
  });
  input.addEventListener('input', update);
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || input.value === '') return;
    event.preventDefault();
    input.value = '';
    update();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || event.target === input) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
  form.classList.add('live');
  input.setAttribute('aria-keyshortcuts', '/');
  if (input.value !== loaded) update();
}
`;

/** For the page's policy. */
export const LISTING_SCRIPT_HASH = 'sha256-tcraSgPIxhPRA/2Fg98GTiXTUknHrmQsI402Kv60zs8=';
