/* The shop's consent banner: it tells the snippet, and the shop's backend, which writes the answer into orders. */
{
  const banner = document.getElementById("consent");
  document.getElementById("choices").addEventListener("click", () => (banner.hidden = false));
  for (const button of banner.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      const { answer } = button.dataset;
      banner.hidden = true;
      fullcount("consent", answer);
      fetch("/consent", { method: "POST", body: JSON.stringify({ answer }), keepalive: true });
    });
  }
}
