@echo off
rem Starts the program by double click, or with files dropped on this file. ASCII only, CR LF at line ends; every way out
rem passes "pause" at :end. What a person reads comes from desk\ (docs\decisions\S-54.md).
setlocal EnableExtensions EnableDelayedExpansion
rem Explorer does not quote a name with an ampersand in it: the interpreter cuts it there. So the whole command line goes to
rem Python, which finds the names. With /c at its head it is Explorer's, and not a prompt that somebody works at.
set "DESK_LINE=!cmdcmdline!"
set "DESK_CLICKED=1"
set "DESK_HEAD=!DESK_LINE:~0,200!"
if "!DESK_HEAD:/c=!"=="!DESK_HEAD!" set "DESK_CLICKED="
rem From here on an exclamation mark in a path is an exclamation mark.
setlocal DisableDelayedExpansion
set "DESK_HERE=%~dp0"
set "DESK_SELF=%~nx0"
set "DESK_EXE="
set "DESK_ARG="
set "DESK_UNFIT_EXE="
set "DESK_UNFIT_ARG="
set "DESK_RESULT=5"
rem Other programs set these for their own Python; the new py would fetch a Python from the network.
set "PYTHONHOME="
set "PYTHONPATH="
set "PYTHON_MANAGER_AUTOMATIC_INSTALL=false"
rem The interpreter complains of folders like \\server\share; nothing here needs a current folder.
if defined DESK_CLICKED cls
if not exist "%DESK_HERE%desk\start.py" goto no_desk
rem A 32-bit program on a 64-bit Windows sees x86 too, but then with the second variable.
if /i "%PROCESSOR_ARCHITECTURE%"=="x86" if not defined PROCESSOR_ARCHITEW6432 goto windows_32

rem A Python put beside the program comes first, then the launcher's, then the usual places, then the PATH.
set "DESK_TRY_ARG="
set "DESK_TRY=%DESK_HERE%python\python.exe"
if exist "%DESK_TRY%" call :try
set "DESK_TRY=py"
where py >nul 2>nul
if not errorlevel 1 for %%V in (3.13 3.12 3.11 3.14) do call :try_version %%V
set "DESK_TRY_ARG="
for %%V in (313 312 311 314) do call :try_places %%V
set "DESK_TRY=python"
call :try
set "DESK_TRY=python3"
call :try
rem Only to be told about: whatever else the launcher has.
set "DESK_TRY=py"
set "DESK_TRY_ARG=-3"
if not defined DESK_UNFIT_EXE call :try
if defined DESK_EXE goto start
if defined DESK_UNFIT_EXE goto unfit
goto no_python

:start
"%DESK_EXE%" %DESK_ARG% -s -X utf8 "%DESK_HERE%desk\start.py" %*
set "DESK_RESULT=%errorlevel%"
goto end

:unfit
"%DESK_UNFIT_EXE%" %DESK_UNFIT_ARG% -E -s "%DESK_HERE%desk\check.py"
goto end

:no_python
start "" notepad.exe "%DESK_HERE%desk\no-python.txt"
goto end

:windows_32
start "" notepad.exe "%DESK_HERE%desk\windows-32.txt"
goto end

:no_desk
rem Most likely started from within the ZIP file, without desk\ beside it. The numbers are a sentence in Chinese (see the test).
powershell -NoProfile -Command "Write-Host (-join [char[]](35831,20808,25226,21387,32553,21253,20840,37096,35299,21387,21040,19968,20010,25991,20214,22841,37324,65292,20877,25171,24320,37027,20010,25991,20214,22841,65292,21452,20987,37324,38754,30340,8220,36816,34892,8221,12290))"
goto end

:end
echo.
pause
rem What follows an ampersand in the command line would be run as a command next, but not where the interpreter ends here.
if defined DESK_CLICKED exit %DESK_RESULT%
exit /b %DESK_RESULT%

:try_version
set "DESK_TRY_ARG=-%1"
call :try
goto :eof

:try_places
set "DESK_TRY=%LocalAppData%\Programs\Python\Python%1\python.exe"
if exist "%DESK_TRY%" call :try
set "DESK_TRY=%ProgramFiles%\Python%1\python.exe"
if exist "%DESK_TRY%" call :try
set "DESK_TRY=%SystemDrive%\Python%1\python.exe"
if exist "%DESK_TRY%" call :try
goto :eof

:try
rem Keeps DESK_TRY if it can run the program, and remembers one that cannot. What comes from the Store instead of a Python, and
rem what is not there at all, ends with neither 0 nor 3.
if defined DESK_EXE goto :eof
"%DESK_TRY%" %DESK_TRY_ARG% -E -s "%DESK_HERE%desk\check.py" --silent >nul 2>nul
set "DESK_RESULT_OF_TRY=%errorlevel%"
if "%DESK_RESULT_OF_TRY%"=="0" set "DESK_ARG=%DESK_TRY_ARG%"
if "%DESK_RESULT_OF_TRY%"=="0" set "DESK_EXE=%DESK_TRY%"
if not "%DESK_RESULT_OF_TRY%"=="3" goto :eof
if defined DESK_UNFIT_EXE goto :eof
set "DESK_UNFIT_EXE=%DESK_TRY%"
set "DESK_UNFIT_ARG=%DESK_TRY_ARG%"
goto :eof
