// What is nice to have: everything works without it, but for the code in a link.
'use strict'

// A link's code stands in the fragment, which no server and no log ever sees.
const signIn = document.querySelector('[data-sign-in]')
function useLink() {
  const code = new URLSearchParams(location.hash.slice(1)).get('code')
  if (!signIn || !code) return
  history.replaceState(null, '', location.pathname)
  document.body.classList.add('waiting')
  signIn.word.value = code
  signIn.submit()
}
addEventListener('hashchange', useLink)
useLink()

for (const button of document.querySelectorAll('[data-copy]')) {
  if (!navigator.clipboard) break // pages over plain http have none
  button.hidden = false
  const said = button.querySelector('span')
  said.setAttribute('aria-live', 'polite')
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy)
      said.textContent = 'Copied'
    } catch {
      said.textContent = 'Copy it by hand'
    }
    setTimeout(() => { said.textContent = 'Copy' }, 2500)
  })
}

for (const list of document.querySelectorAll('[data-submit]')) {
  list.form.querySelector('.no-script').hidden = true
  list.addEventListener('change', () => list.form.submit())
}

// What one points at in a plot is told at once, and not after a second as browsers do.
const tip = document.createElement('div')
tip.id = 'tip'
tip.hidden = true
tip.setAttribute('aria-hidden', 'true')
document.body.append(tip)
for (const e of document.querySelectorAll('.col, .heat tbody td')) {
  const title = e.querySelector('title')
  e.tip = title ? title.textContent : e.title
  if (title) title.remove()
  else e.removeAttribute('title')
}
document.addEventListener('pointermove', (event) => {
  const e = event.target.closest?.('.col, .heat tbody td')
  tip.hidden = !e
  if (!e) return
  tip.textContent = e.tip
  const { width, height } = tip.getBoundingClientRect()
  const x = Math.min(innerWidth - width - 8, Math.max(8, event.clientX - width / 2))
  const y = event.clientY - height - 16 < 8 ? event.clientY + 20 : event.clientY - height - 16
  tip.style.transform = `translate(${x}px, ${y}px)`
})
