/* A product list without page loads: each view is a step in the browser's history. */
{
  const goods = JSON.parse(document.getElementById("goods").textContent);
  const view = document.getElementById("view");

  function element(tag, text, more = {}) {
    return Object.assign(document.createElement(tag), { textContent: text }, more);
  }

  function go(path) {
    history.pushState(null, "", path);
    render();
  }

  async function buy(good) {
    fullcount("track", "AddToCart", good.properties);
    await fetch("/cart", { method: "POST", body: new URLSearchParams({ slug: good.slug }) });
    view.append(element("p", "It is in your cart. "), element("a", "Checkout", { href: "/checkout", className: "button" }));
  }

  function showGood(good) {
    const back = element("a", "All goods", { href: "/spa", onclick: (event) => (event.preventDefault(), go("/spa")) });
    view.replaceChildren(
      element("h1", good.name),
      element("p", good.price, { className: "price" }),
      element("button", "Add to cart", { onclick: () => buy(good) }),
      element("p", ""),
      back,
    );
    fullcount("track", "ViewContent", good.properties);
  }

  function showList() {
    const list = element("ul", "", { className: "goods" });
    for (const good of goods) {
      const href = `/spa/${good.slug}`;
      const item = element("li", "");
      item.append(element("a", good.name, { href, onclick: (event) => (event.preventDefault(), go(href)) }));
      list.append(item);
    }
    view.replaceChildren(element("h1", "Good sound"), list);
  }

  function render() {
    const good = goods.find(({ slug }) => location.pathname === `/spa/${slug}`);
    if (good) showGood(good);
    else showList();
  }

  addEventListener("popstate", render);
  render();
}
