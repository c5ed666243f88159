// A slider moves the border between the two pictures below it.
document.addEventListener("input", (event) => {
  if (event.target.matches(".slider")) {
    event.target.parentElement.style.setProperty("--at", event.target.value + "%");
  }
});
