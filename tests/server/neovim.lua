-- Drives neovim headless: opens a file, waits for the server, writes what a user would see.
local root = vim.env.PLACE
local log = io.open(vim.env.LOG, 'w')
local function say(text) log:write(text .. '\n'); log:flush() end
local done = 0
vim.lsp.handlers['window/logMessage'] = function(_, result)
  if result.message:match('^caplint:') then done = done + 1; say('status line: ' .. result.message) end
end
local command = { vim.env.CAPLINT, 'server', '--kernel', root .. '/linux', '--qemu', root .. '/qemu' }
local client = vim.lsp.start_client({ name = 'caplint', cmd = command, root_dir = root .. '/linux' })
local function wait(count) return vim.wait(120000, function() return done >= count end, 50) end
local function shown()
  for _, d in ipairs(vim.diagnostic.get(nil)) do
    local name = vim.api.nvim_buf_get_name(d.bufnr):sub(#root + 2)
    say(string.format('  %s:%d:%d: %s [%s]', name, d.lnum + 1, d.col + 1, d.message, d.code))
  end
end
say(':edit linux/Documentation/virt/kvm/api.rst')
vim.cmd('edit ' .. root .. '/linux/Documentation/virt/kvm/api.rst')
vim.lsp.buf_attach_client(0, client)
wait(1); vim.wait(500); shown()
say(':%s/KVM_CAP_X86_DISABLE_EXITS/KVM_CAP_X86_EXITS_DISABLE/   (not saved)')
vim.cmd('%s/KVM_CAP_X86_DISABLE_EXITS/KVM_CAP_X86_EXITS_DISABLE/')
wait(2); vim.wait(500); shown()
say(':lua vim.lsp.buf.hover()   on KVM_CAP_SPLIT_IRQCHIP')
vim.fn.search('KVM_CAP_SPLIT_IRQCHIP')
local answer = vim.lsp.buf_request_sync(0, 'textDocument/hover', vim.lsp.util.make_position_params(), 60000)
for _, each in pairs(answer or {}) do
  if each.result then for line in each.result.contents.value:gmatch('[^\n]+') do say('  ' .. line) end end
end
say(':lua vim.lsp.buf.definition()')
answer = vim.lsp.buf_request_sync(0, 'textDocument/definition', vim.lsp.util.make_position_params(), 60000)
for _, each in pairs(answer or {}) do
  for _, place in ipairs(each.result or {}) do
    say(string.format('  %s:%d', vim.uri_to_fname(place.uri):sub(#root + 2), place.range.start.line + 1))
  end
end
say(':lua vim.lsp.buf.references()')
local params = vim.lsp.util.make_position_params()
params.context = { includeDeclaration = false }
answer = vim.lsp.buf_request_sync(0, 'textDocument/references', params, 60000)
for _, each in pairs(answer or {}) do
  for _, place in ipairs(each.result or {}) do
    say(string.format('  %s:%d', vim.uri_to_fname(place.uri):sub(#root + 2), place.range.start.line + 1))
  end
end
say(':lua vim.lsp.buf.code_action()')
vim.fn.search('KVM_CAP_X86_EXITS_DISABLE')
local at = vim.lsp.util.make_range_params()
at.context = { diagnostics = vim.lsp.diagnostic.get_line_diagnostics() }
answer = vim.lsp.buf_request_sync(0, 'textDocument/codeAction', at, 60000)
for _, each in pairs(answer or {}) do
  for _, action in ipairs(each.result or {}) do
    say('  ' .. action.title)
    vim.lsp.util.apply_workspace_edit(action.edit, 'utf-16')
  end
end
wait(3); vim.wait(500); shown()
say('  line ' .. vim.fn.line('.') .. ': ' .. vim.fn.getline('.'))
vim.lsp.stop_client(client)
vim.wait(2000, function() return vim.lsp.client_is_stopped(client) end, 50)
say('stopped: ' .. tostring(vim.lsp.client_is_stopped(client)))
log:close()
vim.cmd('qa!')
